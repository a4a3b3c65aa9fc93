import type { TokenCredential, TokenCredentialOptions } from '@azure/identity';
import { Failure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import type { Agents } from '../network/agents.ts';
import type { StoreSettings } from '../settings.ts';

/** Where Microsoft's own clouds give tokens. Others are not known to Microsoft's directory of them, which is not asked. */
const knownAuthorities = /^https:\/\/login\.(microsoftonline\.(com|us|de)|chinacloudapi\.cn)\/*$/;

/**
 * Proves who we are without a key of the account: by the secret of a service principal of the settings, else by what
 * Azure's own chain finds in the environment of this process and on this machine: a service principal, workload
 * identity, a managed identity, or what `az login` has left. Tokens are got at the first request and renewed before they
 * end.
 * @throws {Failure} InvalidConfiguration, SecretUnavailable
 */
export async function azureIdentity(
  { azure = {}, env }: StoreSettings,
  agents: Agents,
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity');
  const authority = env.AZURE_AUTHORITY_HOST;
  const tenantId = azure.tenantId ?? env.AZURE_TENANT_ID;
  const clientId = azure.clientId ?? env.AZURE_CLIENT_ID;
  const options = {
    ...throughAgents(agents),
    // Enough for what the service of a virtual machine forgets now and then; the rest is the store's.
    retryOptions: { maxRetries: 2, retryDelayInMs: 500 },
    disableInstanceDiscovery: authority !== undefined && !knownAuthorities.test(authority),
  };
  if (azure.clientSecret === undefined) {
    return new DefaultAzureCredential({
      ...options,
      ...(tenantId && { tenantId }),
      ...(clientId && { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
    });
  }
  if (!tenantId || !clientId) throw incomplete();
  const secret = await resolveSecret(azure.clientSecret, env);
  return new ClientSecretCredential(tenantId, clientId, secret.reveal(), options);
}

/** Has the requests for tokens use our watched connections, which trust the authorities of the repository. */
function throughAgents(agents: Agents): TokenCredentialOptions {
  return {
    additionalPolicies: [
      {
        position: 'perRetry',
        policy: {
          name: 'watchedConnections',
          sendRequest: (request, next) => {
            request.agent = request.url.startsWith('http:') ? agents.http : agents.https;
            return next(request);
          },
        },
      },
    ],
  };
}

function incomplete(): Failure {
  return new Failure(
    'InvalidConfiguration',
    'The service principal of the Azure repository has a secret, and no tenant or client.',
    { advice: 'Set azure.tenantId and azure.clientId beside azure.clientSecret.' },
  );
}
