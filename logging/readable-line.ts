/**
 * Turns a record into a line for people, `07:31:16 warn  A step failed step=capture attempt=2`. An error follows
 * on lines of its own: what failed, what to do, and where in the code unless it is a failure that we foresaw.
 */
export function readableLine(record: string): string {
  const { time, level, msg, err, ...rest }: Record<string, unknown> = JSON.parse(record);
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${plain(value)}`);
  const line = [String(time).slice(11, 19), String(level).padEnd(5), msg, ...fields].join(' ');
  return `${[line, ...errorLines(err)].join('\n')}\n`;
}

function errorLines(error: unknown): readonly string[] {
  if (typeof error !== 'object' || error === null) return [];
  const fields = new Map(Object.entries(error));
  const advice = fields.get('advice');
  const told =
    typeof advice === 'string'
      ? [`${fields.get('type')}: ${fields.get('message')}`, advice]
      : [stackOf(fields)];
  return told.map((text) => String(text).replaceAll(/^/gm, '         '));
}

function stackOf(fields: ReadonlyMap<string, unknown>): unknown {
  return fields.get('stack') ?? `${fields.get('type')}: ${fields.get('message')}`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
