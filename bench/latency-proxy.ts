/** A process of its own: `node bench/latency-proxy.ts PORT MS` prints its port, and adds MS to each round trip. */
import { tcpProxy } from '../test/stores/tcp-proxy.ts';

const [port, roundTripMs] = process.argv.slice(2).map(Number);
const proxy = await tcpProxy({ host: '127.0.0.1', port: port ?? 0, latencyMs: (roundTripMs ?? 0) / 2 });
process.stdout.write(`${proxy.port}\n`);
