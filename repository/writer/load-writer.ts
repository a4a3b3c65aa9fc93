/** What only writing needs: programs that read start faster without it. */
export async function loadWriter() {
  const [{ Chunker }, { RepositoryWriter }, { findUnindexedPacks }] = await Promise.all([
    import('../chunker/chunker.ts'),
    import('./repository-writer.ts'),
    import('./adoption.ts'),
  ]);
  return { Chunker, RepositoryWriter, findUnindexedPacks };
}
