import type { Trouble } from '../trouble.ts';

/** What is wrong when no token is got. */
export interface IdentityTrouble {
  readonly trouble: Trouble;
  readonly code: string;
  readonly advice?: string;
}

/** Names of the errors of @azure/identity. */
const identityErrors = new Set([
  'AggregateAuthenticationError',
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** Codes of Entra ID ("Microsoft Entra authentication and authorization error codes"); all others are wrong credentials. */
const directoryTroubles: Readonly<Record<string, Omit<IdentityTrouble, 'code'>>> = {
  AADSTS7000222: {
    trouble: 'expired-credentials',
    advice: 'The secret of the service principal has ended: make a new one for the application in Entra ID.',
  },
  AADSTS7000215: {
    trouble: 'wrong-credentials',
    advice:
      'The secret of the service principal is wrong: azure.clientSecret, or AZURE_CLIENT_SECRET, takes its value and not its ID.',
  },
  AADSTS700016: {
    trouble: 'wrong-credentials',
    advice: 'The tenant has no such application: check AZURE_CLIENT_ID and AZURE_TENANT_ID.',
  },
  AADSTS90002: { trouble: 'wrong-credentials', advice: 'There is no such tenant: check AZURE_TENANT_ID.' },
  AADSTS700024: { trouble: 'clock' },
  AADSTS90033: { trouble: 'no-token' },
};

/** Codes for a token of a workload that no federated credential of the application fits. */
const federationCodes = /^AADSTS(70021|70021[1-3]|700223)$/;

const federationAdvice =
  'No federated credential of the application fits this workload: compare its issuer, subject and audience.';

const noIdentityAdvice =
  'Give this machine a managed identity, with the role Storage Blob Data Contributor on the storage account; or set azure.key, azure.sas or a service principal.';

const silentAdvice =
  'Check what IDENTITY_ENDPOINT, AZURE_POD_IDENTITY_AUTHORITY_HOST or AZURE_AUTHORITY_HOST names, and the network.';

/** Why no token was got, or undefined for an error of anything else. */
export function identityTrouble(error: unknown): IdentityTrouble | undefined {
  if (!(error instanceof Error) || !identityErrors.has(error.name)) return undefined;
  const text = textOf(error);
  const code = /AADSTS\d+/.exec(text)?.[0];
  if (code !== undefined) {
    const found = directoryTroubles[code] ?? { trouble: 'wrong-credentials' };
    return { ...found, code, ...(federationCodes.test(code) && { advice: federationAdvice }) };
  }
  if (
    isExpected(error) &&
    /network_error|Network unreachable|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/.test(text)
  ) {
    return { trouble: 'no-token', code: 'no answer', advice: silentAdvice };
  }
  if (
    isExpected(error) &&
    /endpoints_resolution|openid_config|server_error|temporarily_unavailable/.test(text)
  ) {
    return { trouble: 'no-token', code: 'no useful answer', advice: silentAdvice };
  }
  return { trouble: 'no-credentials', code: 'no identity', advice: noIdentityAdvice };
}

/** Read by the SDK from the environment of this process. */
const endpointNames = [
  'IDENTITY_ENDPOINT',
  'MSI_ENDPOINT',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'AZURE_TOKEN_CREDENTIALS',
];

/**
 * Whether somebody has said that there is an identity. Without that a silence says nothing: the address at which virtual
 * machines of Azure ask is that of other clouds too, where what answers cannot be understood.
 */
function isExpected({ name }: Error): boolean {
  return name === 'AuthenticationError' || endpointNames.some((variable) => process.env[variable]);
}

function textOf(error: Error): string {
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [error.message, ...inner.map(String)].join('\n');
}
