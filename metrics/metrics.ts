import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Catalog } from '../catalog/catalog.ts';
import type { CopyPlace } from '../policy/copies/debt.ts';
import type { DiskUse } from '../policy/space.ts';
import { loadFacts, type MetricsFacts } from './facts.ts';
import { type MetricDefinition, metricDefinitions } from './samples.ts';

const prefix = 'resguardo_';

export interface MetricsOptions {
  /** A function is asked at each scrape: for a catalog that is opened once it can be. */
  readonly catalog: Catalog | (() => Promise<Catalog>);
  /** Version of Resguardo. */
  readonly version: string;
  /** Kinds of the configured sources. */
  readonly kinds: readonly string[];
  /** Copies that the configuration asks for. Default: none. */
  readonly copies?: readonly CopyPlace[];
  /** File systems that hold repositories and state. */
  readonly disks: () => Promise<readonly DiskUse[]>;
  /** Told once when the catalog cannot be read, and again when that has passed and comes back. */
  readonly onProblem?: (error: unknown) => void;
  /** Memory, CPU, event loop of this process too. Default: true. */
  readonly processMetrics?: boolean;
  readonly now?: () => Date;
}

export interface Metrics {
  /** Of the HTTP response. */
  readonly contentType: string;
  /** What `/metrics` answers. */
  text(): Promise<string>;
}

/**
 * The metrics of Resguardo. All figures are computed from the catalog when they are asked for, so they are the
 * same after a restart, and the same from each of several processes. While the catalog cannot be read,
 * `resguardo_catalog_up` is 0 and the figures that need it are absent.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics !== false) registerProcess(registry);
  registerBuild(registry, options.version);
  const load = sharedFacts(options);
  registerCatalogState(registry, load);
  for (const definition of metricDefinitions) register(registry, definition, { load, kinds: options.kinds });
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

type Load = () => Promise<MetricsFacts | undefined>;

/** The metrics of one scrape ask at the same time, and get one reading. */
function sharedFacts(options: MetricsOptions): Load {
  const { catalog, disks, copies = [], onProblem, now = () => new Date() } = options;
  let reading: Promise<MetricsFacts | undefined> | undefined;
  let isTold = false;
  return () => {
    reading ??= (async () =>
      loadFacts(typeof catalog === 'function' ? await catalog() : catalog, { disks, copies, now: now() }))()
      .then((facts) => {
        isTold = false;
        return facts;
      })
      .catch((error: unknown) => {
        if (!isTold) onProblem?.(error);
        isTold = true;
        return undefined;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
}

function register(
  registry: Registry,
  { name, type, help, labels, samples }: MetricDefinition,
  { load, kinds }: { readonly load: Load; readonly kinds: readonly string[] },
): void {
  const read = async () => {
    const facts = await load();
    return facts ? samples(facts, kinds) : [];
  };
  const settings = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'counter') {
    const counter = new Counter({
      ...settings,
      collect: async () => {
        const found = await read();
        counter.reset();
        for (const sample of found) counter.inc({ ...sample.labels }, sample.value);
      },
    });
    return;
  }
  const gauge = new Gauge({
    ...settings,
    collect: async () => {
      const found = await read();
      gauge.reset();
      // A gauge without labels is 0 after a reset; what is not known must be absent.
      if (labels.length === 0) gauge.remove();
      for (const sample of found) gauge.set({ ...sample.labels }, sample.value);
    },
  });
}

/** Without three gauges of prom-client whose names end as only counters may. */
function registerProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, prefix });
  for (const counted of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`${prefix}nodejs_active_${counted}_total`);
  }
}

function registerBuild(registry: Registry, version: string): void {
  const build = new Gauge({
    name: 'resguardo_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  build.set({ version, node: process.versions.node }, 1);
}

function registerCatalogState(registry: Registry, load: Load): void {
  const gauge: Gauge = new Gauge({
    name: 'resguardo_catalog_up',
    help: '1 if the catalog could be read for this answer, else 0.',
    registers: [registry],
    collect: async (): Promise<void> => {
      gauge.set((await load()) ? 1 : 0);
    },
  });
}
