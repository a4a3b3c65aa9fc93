import { z } from 'zod';
import { configurationSchema } from './schema.ts';

/** The parts of JSON Schema that our own schema is made of. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
}

/** JSON Schema of the configuration file, for editors; kept at schema/resguardo.schema.json. */
export function configurationJsonSchema(): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' });
}

/** What the schema knows of the fields of a configuration, by their path. */
export class FieldGuide {
  readonly #root: SchemaNode = z.toJSONSchema(configurationSchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaNode;

  /** A right value of a field, or of the nearest field around it, as one would write it. */
  exampleFor(path: readonly PropertyKey[]): string | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const nodes = this.#nodesAt(path.slice(0, length));
      const example = nodes.find((node) => node.examples !== undefined)?.examples?.[0];
      if (example !== undefined) return `${String(path[length - 1])}: ${JSON.stringify(example)}`;
    }
    return undefined;
  }

  /** The fixed values that a field may have, such as the kinds of sources. */
  choicesOf(path: readonly PropertyKey[]): readonly string[] {
    return this.#nodesAt(path).flatMap((node) => (node.const === undefined ? [] : [String(node.const)]));
  }

  /** The known field that an unknown one was probably meant to be. */
  nearestField(parent: readonly PropertyKey[], unknown: string): string | undefined {
    const names = this.#nodesAt(parent).flatMap((node) => Object.keys(node.properties ?? {}));
    const [nearest] = [...new Set(names)]
      .map((name) => ({ name, distance: editDistance(name.toLowerCase(), unknown.toLowerCase()) }))
      .sort((left, right) => left.distance - right.distance);
    // Two slips in a short word, three in a long one; more is another word.
    return nearest !== undefined && nearest.distance <= (unknown.length > 6 ? 3 : 2)
      ? nearest.name
      : undefined;
  }

  #nodesAt(path: readonly PropertyKey[]): readonly SchemaNode[] {
    let nodes: readonly SchemaNode[] = withAlternatives(this.#root);
    for (const key of path) {
      nodes = nodes.flatMap((node) => childNodes(node, key)).flatMap(withAlternatives);
    }
    return nodes;
  }
}

function childNodes(node: SchemaNode, key: PropertyKey): readonly SchemaNode[] {
  if (typeof key === 'number') return node.items === undefined ? [] : [node.items];
  const property = Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[String(key)] : undefined;
  if (property !== undefined) return [property];
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
}

function withAlternatives(node: SchemaNode): readonly SchemaNode[] {
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return [node, ...alternatives.flatMap(withAlternatives)];
}

/** Levenshtein's distance: how many letters to insert, drop or change. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, change));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
