import { type Document, isMap, isScalar, type LineCounter, type Node } from 'yaml';
import type { z } from 'zod';
import { Failure } from '../contracts/failures.ts';
import { FieldGuide } from './examples.ts';

/** A parsed YAML file that problems are located in. */
export interface ConfigurationText {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** One failure for all that is wrong in the fields: where, what, and how it would be right. */
export function fieldProblems(text: ConfigurationText, issues: readonly z.core.$ZodIssue[]): Failure {
  const guide = new FieldGuide();
  const problems = issues
    .flatMap((issue) => describe(issue, guide))
    .map((problem) => {
      const example = problem.example === undefined ? '' : ` (for example ${problem.example})`;
      return `${placeOf(text, problem.path)}: ${fieldName(problem.path)}: ${problem.message}${example}`;
    });
  return new Failure('InvalidConfiguration', problems.join('\n'));
}

/** @returns a failure for text that is not YAML at all */
export function syntaxProblem(text: ConfigurationText): Failure | undefined {
  const [error] = text.document.errors;
  if (error === undefined) return undefined;
  const { line, col } = text.lines.linePos(error.pos[0]);
  // The library's message goes on with the lines around, which may hold what should not be repeated.
  const [reason = 'it cannot be read'] = error.message.split(/ at line \d+|:?\n/);
  return new Failure(
    'InvalidConfiguration',
    `${text.file}:${line}:${col}: this is not valid YAML: ${reason}`,
    {
      advice: 'Look at the indentation, the colons and the quotes there and on the line before.',
    },
  );
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly example?: string | undefined;
}

function describe(issue: z.core.$ZodIssue, guide: FieldGuide): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const nearest = guide.nearestField(issue.path, key);
      const message =
        nearest === undefined ? 'there is no such field' : `there is no such field; did you mean ${nearest}?`;
      return { path: [...issue.path, key], message };
    });
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const kinds = guide.choicesOf(issue.path);
    return [{ path: issue.path, message: `must be ${kinds.join(' or ')}` }];
  }
  if (issue.code === 'invalid_union') {
    if (issue.errors.every((branch) => branch.every(isMissing))) {
      return [{ path: issue.path, message: 'is missing', example: guide.exampleFor(issue.path) }];
    }
    const nested = nearestBranch(issue);
    if (nested !== undefined)
      return nested
        .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
        .flatMap((inner) => describe(inner, guide));
  }
  if (issue.code === 'invalid_key') {
    return [{ path: issue.path, message: `the name ${issue.issues[0]?.message ?? 'is wrong'}` }];
  }
  return [
    {
      path: issue.path,
      message: isMissing(issue) ? 'is missing' : lowerFirst(issue.message),
      example: guide.exampleFor(issue.path),
    },
  ];
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
}

/** Of several forms that a value may have, the one that it has the type of: its problems are what helps. */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const sameType = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.path.length === 0 && inner.code === 'invalid_type'),
  );
  return sameType.length === 1 ? sameType[0] : undefined;
}

/** `file:line:column` of a field, or of the nearest thing around it that is there. */
function placeOf({ file, document, lines }: ConfigurationText, path: readonly PropertyKey[]): string {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) break;
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const next = document.getIn([...path.slice(0, path.indexOf(key)), key], true);
      if (offsetOf(next) === undefined) break;
      offset = offsetOf(next);
      node = next;
    }
  }
  const { line, col } = lines.linePos(offset ?? 0);
  return `${file}:${line}:${col}`;
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const range: Node['range'] = Array.isArray(node.range) ? (node.range as Node['range']) : undefined;
  return range?.[0];
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : path.map(String).join('.');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
