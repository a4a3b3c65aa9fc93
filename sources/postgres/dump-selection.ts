/** Which part of its databases a source takes; patterns as pg_dump reads them. Everything when empty. */
export interface DumpSelection {
  readonly tables?: readonly string[];
  readonly schemas?: readonly string[];
  readonly excludeTables?: readonly string[];
  readonly excludeSchemas?: readonly string[];
  /** Tables whose definition is taken, and whose rows are not. */
  readonly excludeTableData?: readonly string[];
  /** No rows at all. */
  readonly schemaOnly?: boolean;
}

/** Each option of pg_dump, one argument with its value: a value can never be read as an option. */
export function selectionArgs(selection: DumpSelection): readonly string[] {
  const { tables, schemas, excludeTables, excludeSchemas, excludeTableData, schemaOnly } = selection;
  const options = [
    ['table', tables],
    ['schema', schemas],
    ['exclude-table', excludeTables],
    ['exclude-schema', excludeSchemas],
    ['exclude-table-data', excludeTableData],
  ] as const;
  const args = options.flatMap(([option, patterns = []]) =>
    patterns.map((pattern) => `--${option}=${pattern}`),
  );
  return schemaOnly === true ? [...args, '--schema-only'] : args;
}

/** Whether something is left out. */
export function isPart(selection: DumpSelection): boolean {
  return selectionArgs(selection).length > 0;
}
