import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationJsonSchema } from '../configuration/examples.ts';

/** Path of the published JSON Schema of resguardo.yaml. */
export const schemaFile = fileURLToPath(new URL('../schema/resguardo.schema.json', import.meta.url));

/** The text that the file has when it is current. */
export function schemaText(): string {
  return `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(path.dirname(schemaFile), { recursive: true });
  writeFileSync(schemaFile, schemaText());
}
