import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import type { TestScope } from '../repository/temporary-folder.ts';
import type { TestCertificate } from './certificate.ts';

/** Speaks TLS for a server that does not; returns its origin, `https://127.0.0.1:PORT`. */
export async function tlsFront(t: TestScope, origin: string, tls: TestCertificate): Promise<string> {
  const { hostname, port } = new URL(origin);
  const server = createServer({ cert: await readFile(tls.certificate), key: await readFile(tls.key) });
  server.on('secureConnection', (outer) => {
    const inner = connect(Number(port), hostname);
    for (const [from, to] of [[outer, inner] as const, [inner, outer] as const]) {
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
