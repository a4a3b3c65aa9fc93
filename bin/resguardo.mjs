#!/usr/bin/env node
// The command `resguardo`. Loads on old versions of Node, to be able to say that they are too old.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(`Resguardo needs Node 20 or newer to start; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  void import('../scripts/start.mjs').then(({ commandLineFile, start }) =>
    start(commandLineFile(), process.argv.slice(2)),
  );
}
