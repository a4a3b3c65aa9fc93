/** A report before it has a form: what both Markdown and HTML can show. Texts are plain. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly string[])[];
    };

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export interface ReportDocument {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export function toMarkdown({ title, blocks }: ReportDocument): string {
  return `${[`# ${markdownText(title)}`, ...blocks.map(markdownBlock)].join('\n\n')}\n`;
}

/** A page that needs nothing else: no script, no picture, no font from elsewhere. */
export function toHtml({ title, blocks }: ReportDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${htmlText(title)}</h1>
${blocks.map(htmlBlock).join('\n')}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #8886; text-align: left; vertical-align: top; }
.right { text-align: right; }
`;

function markdownBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${markdownText(block.text)}`;
    case 'paragraph':
      return markdownText(block.text);
    case 'list':
      return block.items.map((item) => `- ${markdownText(item)}`).join('\n');
    case 'table': {
      const line = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(' | ')} |`;
      const rule = block.columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|');
      return [line(block.columns.map(({ title }) => title)), `|${rule}|`, ...block.rows.map(line)].join('\n');
    }
  }
}

function htmlBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${htmlText(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${htmlText(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${htmlText(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const side = (index: number): string =>
        block.columns[index]?.align === 'right' ? ' class="right"' : '';
      const head = block.columns.map(
        ({ title }, index) => `<th scope="col"${side(index)}>${htmlText(title)}</th>`,
      );
      const rows = block.rows.map(
        (cells) =>
          `<tr>${cells.map((cell, index) => `<td${side(index)}>${htmlText(cell)}</td>`).join('')}</tr>`,
      );
      return `<div class="table"><table><thead><tr>${head.join('')}</tr></thead>\n<tbody>${rows.join('\n')}</tbody></table></div>`;
    }
  }
}

/** Messages come from programs and people: nothing in them may become a link, a tag or a table. */
function markdownText(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#~]/g, '\\$&')
    .replaceAll('&', '&amp;');
}

function htmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
