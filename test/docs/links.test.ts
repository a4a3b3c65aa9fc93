import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allPages, anchors, type Page } from './pages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = allPages();

describe('the manual', () => {
  test('links to pages and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !resolves(page, link))
        .map((link) => `${page.file}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  test('has each page in the README once', () => {
    const linked = linksOf(pageOf('README.md')).filter((link) => /^docs\/[^/]+\.md$/.test(link));
    const expected = pages.map(({ file }) => file).filter((file) => /^docs\/[^/]+\.md$/.test(file));
    // "Limits" links to pages again, to say more.
    const list = linksOf({ ...pageOf('README.md'), text: section('README.md', 'Where to read on') });
    assert.deepEqual([...new Set(linked)].toSorted(), expected.toSorted());
    assert.deepEqual(list.filter((link) => expected.includes(link)).toSorted(), expected.toSorted());
  });

  test('lists every decision once, in order, under a number of its own', () => {
    const listed = linksOf(pageOf('docs/decisions/README.md'));
    const files = pages
      .map(({ file }) => file)
      .filter((file) => /^docs\/decisions\/\d{4}-/.test(file))
      .map((file) => file.replace('docs/decisions/', ''));
    assert.deepEqual(listed, files.toSorted());
    assert.equal(new Set(files.map((file) => file.slice(0, 4))).size, files.length);
  });
});

function pageOf(file: string): Page {
  const page = pages.find((each) => each.file === file);
  assert.ok(page !== undefined, `${file} is not there`);
  return page;
}

function section(file: string, title: string): string {
  return (
    pageOf(file)
      .text.split(/^## /m)
      .find((text) => text.startsWith(title)) ?? ''
  );
}

/** Targets of links within the project. */
function linksOf({ text }: Page): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`]*`/g, '`');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function resolves(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page.file : normalize(join(dirname(page.file), path));
  if (anchor === undefined) return existsSync(join(root, file));
  const target = pages.find((each) => each.file === file);
  return target !== undefined && anchors(target).has(anchor);
}
