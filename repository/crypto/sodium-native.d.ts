/** The part of sodium-native that is used; the package has no types of its own. */
declare module 'sodium-native' {
  interface Sodium {
    /** Poly1305 with the 32-byte one-time key `r || s`; writes 16 bytes to `output`. Clamps `r` itself. */
    crypto_onetimeauth(output: Uint8Array, input: Uint8Array, key: Uint8Array): void;
    /** Compares in constant time. */
    crypto_onetimeauth_verify(mac: Uint8Array, input: Uint8Array, key: Uint8Array): boolean;
    /** SipHash-2-4 with a 16-byte key; writes 8 bytes to `output`. */
    crypto_shorthash(output: Uint8Array, input: Uint8Array, key: Uint8Array): void;
  }
  const sodium: Sodium;
  export = sodium;
}
