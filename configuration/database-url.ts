/** How the URL of a kind of database is written. */
export interface DatabaseUrl {
  readonly kind: 'postgres' | 'mysql';
  readonly scheme: RegExp;
  /** Host and database; user, password, parameters and the further hosts of libpq are left out. */
  readonly url: RegExp;
  readonly example: string;
}

export const postgresUrl: DatabaseUrl = {
  kind: 'postgres',
  scheme: /^postgres(ql)?$/,
  url: /^[a-z]+:\/\/(?:[^/?]*@)?([^/?,:]*|\[[^\]]*\])(?::\d*)?(?:,[^/?]*)?(?:\/([^?]*))?(?:\?.*)?$/is,
  example: 'postgresql://USER:PASSWORD@HOST:5432/DATABASE',
};

const mysqlUrl: DatabaseUrl = {
  kind: 'mysql',
  scheme: /^(mysql|mariadb)$/,
  url: /^[a-z]+:\/\/(?:[^/?]*@)?([^/?,:]*|\[[^\]]*\])(?::\d*)?(?:\/([^?]*))?(?:\?.*)?$/is,
  example: 'mysql://USER:PASSWORD@HOST:3306/DATABASE',
};

/** Scheme of a URL in small letters: `mysql`. */
export function schemeOf(url: string): string | undefined {
  return /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
}

/** The kind of database whose scheme it is, if it is one of ours. */
export function databaseUrlOf(scheme: string | undefined): DatabaseUrl | undefined {
  return [postgresUrl, mysqlUrl].find((each) => scheme !== undefined && each.scheme.test(scheme));
}
