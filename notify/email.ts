import { createTransport, type SendMailOptions, type SentMessageInfo, type Transporter } from 'nodemailer';
import type { EmailConfiguration } from '../configuration/notifications-schema.ts';
import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Channel, ChannelDependencies, ChannelMessage } from './channel.ts';
import { renderText } from './render.ts';

const defaultTimeoutMs = 30_000;

type Smtp = EmailConfiguration['smtp'];

export function createEmailChannel(
  name: string,
  configuration: EmailConfiguration,
  { resolve, host, timeoutMs = defaultTimeoutMs }: ChannelDependencies,
): Channel {
  const { smtp, severity } = configuration;
  const connected = async <T>(
    work: (transport: Transporter<SentMessageInfo>) => Promise<T>,
    signal: AbortSignal,
  ) => {
    signal.throwIfAborted();
    const password = smtp.password === undefined ? undefined : await resolve(smtp.password);
    const transport = createTransport(transportOptions(smtp, password, timeoutMs));
    try {
      return await within(work(transport), AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw mailFailure(error, `mail channel ${name}`, smtp);
    } finally {
      transport.close();
    }
  };
  const send = (message: ChannelMessage, signal: AbortSignal) =>
    connected(
      async (transport) => refusedAddresses(await transport.sendMail(mail(message, configuration, host))),
      signal,
    );
  const verify = async (signal: AbortSignal) => {
    await connected((transport) => transport.verify(), signal);
    return `${smtp.host}:${portOf(smtp)} takes our mail.`;
  };
  return { name, severity, send, verify };
}

function transportOptions(smtp: Smtp, password: Secret | undefined, timeoutMs: number) {
  const { host, user, tls } = smtp;
  const isLocal = /^(localhost|127\.|::1$)/.test(host);
  return {
    host,
    port: portOf(smtp),
    secure: tls === 'tls' || (tls === 'auto' && smtp.port === 465),
    // A password goes over an encrypted connection, or not at all, unless `none` says otherwise.
    requireTLS: tls === 'starttls' || (tls === 'auto' && user !== undefined && !isLocal),
    ignoreTLS: tls === 'none',
    // A mail server of this very machine has a certificate of its own making.
    tls: { rejectUnauthorized: !(isLocal && tls === 'auto') },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? '' } }),
  };
}

function portOf({ port, tls, host, user }: Smtp): number {
  if (port !== undefined) return port;
  if (tls === 'tls') return 465;
  return host === 'localhost' && user === undefined ? 25 : 587;
}

function mail(
  { id, rendered, notification }: ChannelMessage,
  configuration: EmailConfiguration,
  host: string,
) {
  const { to, from = `Resguardo <resguardo@${mailDomain(host)}>` } = configuration;
  return {
    from,
    to: [...to],
    subject: rendered.subject,
    text: renderText(rendered),
    // The same for each attempt, so that mail programs show a message once that was sent twice.
    messageId: `<${id}@resguardo>`,
    headers: { 'X-Resguardo-Topic': notification.topic, 'Auto-Submitted': 'auto-generated' },
    priority: notification.severity === 'critical' && notification.kind !== 'recovery' ? 'high' : 'normal',
  } satisfies SendMailOptions;
}

function mailDomain(host: string): string {
  return host.replaceAll(/[^A-Za-z0-9.-]/g, '-').replaceAll(/^[.-]+|[.-]+$/g, '') || 'localhost';
}

/** nodemailer knows no abort signal, and its own time-outs begin anew with each answer of the server. */
async function within<T>(work: Promise<T>, limit: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(limit.reason);
  limit.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    limit.removeEventListener('abort', stop);
    // Closing the transport, as the caller does, makes it fail after we have stopped to wait.
    work.catch(() => undefined);
  }
}

function refusedAddresses(info: SentMessageInfo): string | undefined {
  const rejected: readonly unknown[] = info.rejected ?? [];
  return rejected.length === 0 ? undefined : `the mail server refused ${rejected.map(String).join(', ')}`;
}

/** Only the server's own words and codes are taken over: the error may hold the password's encoded form. */
function mailFailure(error: unknown, name: string, smtp: Smtp): Failure {
  const where = `${smtp.host}:${portOf(smtp)}`;
  const { code, responseCode, name: kind } = fieldsOf(error);
  if (kind === 'TimeoutError' || code === 'ETIMEDOUT') {
    return new Failure('NotificationUnavailable', `${name}: no answer from ${where} in time`);
  }
  if (code === 'EAUTH') {
    const said = `${name}: ${where} does not accept the user or the password (${responseCode ?? code})`;
    const temporary = responseCode !== undefined && responseCode < 500;
    return new Failure(temporary ? 'NotificationUnavailable' : 'NotificationRefused', said, {
      advice: 'Correct smtp.user and what smtp.password refers to.',
    });
  }
  if (/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/.test(code) || code === 'ETLS') {
    return new Failure(
      'NotificationRefused',
      `${name}: ${where} offers no encryption that we accept (${code})`,
      {
        advice: 'Renew its certificate; or set smtp.tls to none, where the network is trusted.',
      },
    );
  }
  if (responseCode !== undefined) {
    const type = responseCode < 500 ? 'NotificationUnavailable' : 'NotificationRefused';
    return new Failure(type, `${name}: ${where} does not take the mail (SMTP ${responseCode})`);
  }
  return new Failure(
    'NotificationUnavailable',
    `${name}: cannot reach ${where} (${code || 'connection lost'})`,
  );
}

function fieldsOf(error: unknown): { code: string; responseCode: number | undefined; name: string } {
  if (!(error instanceof Error)) return { code: '', responseCode: undefined, name: '' };
  // nodemailer's own code only says that something happened to the socket.
  const code = 'originalCode' in error ? error.originalCode : 'code' in error ? error.code : undefined;
  const responseCode =
    'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : undefined;
  return { code: typeof code === 'string' ? code : '', responseCode, name: error.name };
}
