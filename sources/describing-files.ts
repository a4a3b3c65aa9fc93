/** Names of the files that tell what the dumps of a snapshot hold: a restore is planned with them. */

/** In the folder of a source: what its server held. */
export const manifestFile = 'manifest.json';
/** In the folder of a database of PostgreSQL: the table of contents of its dump. */
export const tocFile = 'toc.dat';
