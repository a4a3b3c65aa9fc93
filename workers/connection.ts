import { NativeConnection } from '@temporalio/worker';
import type { TemporalEndpoint } from '../control/endpoint.ts';
import { temporalUnavailable } from '../control/endpoint.ts';
import type { Logger } from '../logging/logger.ts';

/**
 * Connects a worker to Temporal, and makes sure that the namespace is there.
 * @throws {Failure} TemporalUnavailable
 */
export async function connectWorker(endpoint: TemporalEndpoint, logger: Logger): Promise<NativeConnection> {
  warnOfPlaintext(endpoint, logger);
  const { namespace } = endpoint;
  try {
    const connection = await NativeConnection.connect(endpoint.connectionOptions);
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  } catch (error) {
    throw temporalUnavailable(error, endpoint);
  }
}

/** In plain text, who listens on the way reads inputs and results, and can start restores. */
function warnOfPlaintext({ address, connectionOptions }: TemporalEndpoint, logger: Logger): void {
  const { tls, apiKey } = connectionOptions;
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
  if (tls || apiKey || isLoopback(host)) return;
  logger.warn(
    { address },
    'The connection to Temporal is not encrypted; set TEMPORAL_TLS=true where the server can',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
