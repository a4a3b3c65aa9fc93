import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';

/** How the URLs of one kind of server look. */
export interface UrlForm {
  /** For messages: "PostgreSQL". */
  readonly server: string;
  /** The first one is that of the advice. */
  readonly schemes: readonly [string, ...string[]];
}

/** The parts of `SCHEME://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`, decoded; what is absent is empty. */
export interface ConnectionUrl {
  readonly user: string;
  readonly password: string;
  /** An address of IPv6 is without its brackets. */
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly parameters: readonly UrlParameter[];
}

export interface UrlParameter {
  readonly name: string;
  readonly value: string;
}

/**
 * Takes a connection URL apart.
 * @throws {Failure} InvalidConfiguration, which never repeats the URL
 */
export function parseConnectionUrl(url: Secret, form: UrlForm): ConnectionUrl {
  const pattern = new RegExp(
    `^(?:${form.schemes.join('|')})://(?:([^/?]*)@)?([^/?]*)(?:/([^?]*))?(?:\\?(.*))?$`,
    's',
  );
  const match = pattern.exec(url.reveal().trim());
  if (match === null) throw wrongUrl(form, `it is not of the form ${formOf(form)}`);
  const [, userPart = '', hostPart = '', databasePart = '', parameterPart = ''] = match;
  const address = /^(\[[^\]]*\]|[^:,]*)(?::(\d*))?$/.exec(hostPart);
  if (address === null) throw wrongUrl(form, 'it must name one HOST or HOST:PORT');
  const [, host = '', port = ''] = address;
  const [user = '', ...passwordParts] = userPart.split(':');
  const decode = (part: string, text: string): string => decoded(form, { part, text });
  return {
    user: decode('user', user),
    password: decode('password', passwordParts.join(':')),
    host: decode('host', host).replace(/^\[(.*)\]$/, '$1'),
    port,
    database: decode('database', databasePart),
    parameters: parameterPart
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name = '', ...words] = pair.split('=');
        return { name, value: decode(name, words.join('=')) };
      }),
  };
}

/** The number of a port, or the default where there is none. */
export function portOf(form: UrlForm, text: string, defaultPort: number): number {
  const port = Number(text || defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrongUrl(form, 'its port is no port number');
  return port;
}

export function wrongUrl(form: UrlForm, reason: string): Failure {
  return new Failure(
    'InvalidConfiguration',
    `The connection URL of ${form.server} cannot be used: ${reason}`,
    {
      advice: `Write it as ${formOf(form)}, special characters percent-encoded.`,
    },
  );
}

/** "db.internal:5432", for people. */
export function describeAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function formOf({ schemes }: UrlForm): string {
  return `${schemes[0]}://USER:PASSWORD@HOST:PORT/DATABASE`;
}

function decoded(form: UrlForm, { part, text }: { readonly part: string; readonly text: string }): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongUrl(form, `its ${part} has a "%" that is no percent-encoding; write "%25" for it`);
  }
}
