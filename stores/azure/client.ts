import type { TokenCredential } from '@azure/identity';
import {
  AnonymousCredential,
  BlobServiceClient,
  newPipeline,
  type Pipeline,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { Failure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Agents } from '../network/agents.ts';
import type { StoreSettings } from '../settings.ts';
import { azureIdentity } from './identity.ts';

/** The retry decorator around every store tries again, so that attempts do not multiply. */
const pipelineOptions: StoragePipelineOptions = { retryOptions: { maxTries: 1 } };

/**
 * Makes the client of a storage account: by connection string, account key or shared access signature, of the
 * settings first and else of the environment; without any, by the identity of this machine.
 * @throws {Failure} InvalidConfiguration, SecretUnavailable
 */
export async function azureClient(settings: StoreSettings, agents: Agents): Promise<BlobServiceClient> {
  const { azure = {}, env } = settings;
  const isGiven = (azure.connectionString ?? azure.key ?? azure.sas ?? azure.clientId) !== undefined;
  const fallback = (name: string): string | undefined => (!isGiven && env[name] ? `env:${name}` : undefined);
  const secret = async (given: string | undefined, name: string): Promise<Secret | undefined> => {
    const reference = given ?? fallback(name);
    return reference === undefined ? undefined : await resolveSecret(reference, env);
  };
  const connectionString = await secret(azure.connectionString, 'AZURE_STORAGE_CONNECTION_STRING');
  if (connectionString !== undefined) return fromConnectionString(connectionString, agents);
  const account = azure.account || env.AZURE_ACCOUNT_NAME;
  const url = serviceUrl(settings, account);
  const key = await secret(azure.key, 'AZURE_ACCOUNT_KEY');
  if (key !== undefined) return clientOf(url, sharedKey(account, key), agents);
  const sas = await secret(azure.sas, 'AZURE_ACCOUNT_SAS');
  if (sas !== undefined) {
    return clientOf(`${url}?${sas.reveal().replace(/^\?/, '')}`, new AnonymousCredential(), agents);
  }
  return clientOf(url, await azureIdentity(settings, agents), agents);
}

/** Without a slash at its end. */
function serviceUrl({ azure = {}, env }: StoreSettings, account: string | undefined): string {
  const endpoint = azure.endpoint || env.AZURE_STORAGE_SERVICE_ENDPOINT;
  if (endpoint) return endpoint.replace(/\/+$/, '');
  if (!account) throw missingAccount();
  return `https://${account}.blob.${azure.endpointSuffix || env.AZURE_ENDPOINT_SUFFIX || 'core.windows.net'}`;
}

function clientOf(
  url: string,
  credential: StorageSharedKeyCredential | AnonymousCredential | TokenCredential,
  agents: Agents,
): BlobServiceClient {
  return new BlobServiceClient(url, throughAgents(newPipeline(credential, pipelineOptions), agents));
}

/** Has the requests use our watched connections. */
function throughAgents(pipeline: Pipeline, agents: Agents): Pipeline {
  pipeline.factories.push({
    create: (next) => ({
      sendRequest: (request) => {
        request.agent = request.url.startsWith('http:') ? agents.http : agents.https;
        // The SDK's own limit on a whole request would end slow uploads.
        request.timeout = 0;
        return next.sendRequest(request);
      },
    }),
  });
  return pipeline;
}

/** The SDK parses it; we want its requests to go through our agents, too. */
function fromConnectionString(connectionString: Secret, agents: Agents): BlobServiceClient {
  const fields = new Map(
    connectionString
      .reveal()
      .split(';')
      .map(
        (field) => [field.split('=')[0]?.trim() ?? '', field.slice(field.indexOf('=') + 1).trim()] as const,
      ),
  );
  try {
    const { url } = BlobServiceClient.fromConnectionString(connectionString.reveal(), pipelineOptions);
    const [account, key] = [fields.get('AccountName'), fields.get('AccountKey')];
    if (account && key) return clientOf(url, sharedKey(account, new Secret(key)), agents);
    return clientOf(url, new AnonymousCredential(), agents);
  } catch {
    // The SDK's own message may repeat the string.
    throw new Failure(
      'InvalidConfiguration',
      'The connection string of the Azure storage account is malformed.',
      {
        advice: 'Copy it anew from the page "Access keys" of the storage account.',
      },
    );
  }
}

function sharedKey(account: string | undefined, key: Secret): StorageSharedKeyCredential {
  if (!account) throw missingAccount();
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key.reveal()))
    return new StorageSharedKeyCredential(account, key.reveal());
  throw new Failure('InvalidConfiguration', 'The key of the Azure storage account is no base64 text.', {
    advice: 'Copy it anew from the page "Access keys" of the storage account.',
  });
}

function missingAccount(): Failure {
  return new Failure('InvalidConfiguration', 'The storage account of the Azure repository is not named.', {
    advice: 'Set AZURE_ACCOUNT_NAME, azure.account of the repository, or a connection string.',
  });
}
