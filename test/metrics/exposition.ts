/** A strict reader of Prometheus' text format, version 0.0.4, for tests: what it does not know, it refuses. */

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(${metricName})(?:\\{(.*)\\})? ([Nn]a[Nn]|[+-]Inf|[-+0-9.eE]+)$`);
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/gy;

/** Families by name. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { name: string; type: string; help: string; samples: ParsedSample[] }>();
  let current: { name: string; type: string; help: string; samples: ParsedSample[] } | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = new RegExp(`^# (HELP|TYPE) (${metricName}) (.*)$`).exec(line);
    if (comment) {
      const [, keyword, name = '', rest = ''] = comment;
      if (keyword === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        current = { name, type: '', help: rest, samples: [] };
        families.set(name, current);
      } else if (current?.name === name) current.type = rest;
      else throw new Error(`the type of ${name} is not where it belongs`);
      continue;
    }
    const sample = sampleLine.exec(line);
    if (!sample || !current?.type) throw new Error(`this is no sample: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    const isOwn =
      name === current.name || (/^(histogram|summary)$/.test(current.type) && name.startsWith(current.name));
    if (!isOwn) throw new Error(`${name} stands among the samples of ${current.name}`);
    current.samples.push({
      name,
      labels: parseLabels(labels),
      value: Number(value.replace('Inf', 'Infinity')),
    });
  }
  for (const { name, samples } of families.values()) {
    const keys = samples.map(
      ({ name: sampleName, labels }) => sampleName + JSON.stringify(Object.entries(labels).toSorted()),
    );
    if (new Set(keys).size !== keys.length) throw new Error(`${name} has a sample twice`);
  }
  return families;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  for (let end = 0; end < text.length; end = labelPair.lastIndex) {
    const pair = labelPair.exec(text);
    if (!pair) throw new Error(`these are no labels: ${text}`);
    const [, name = '', value = ''] = pair;
    labels[name] = value.replaceAll(/\\(["\\n])/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}
