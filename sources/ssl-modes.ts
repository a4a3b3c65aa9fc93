/** How a connection is encrypted and whom it trusts: libpq's words, for all kinds of servers. */
export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];
