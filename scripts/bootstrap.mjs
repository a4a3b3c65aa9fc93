// Runs a TypeScript file of the project on any Node >= 20: node scripts/bootstrap.mjs FILE [ARGUMENT...]
// This file must load on much older versions, to be able to say that they are too old.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(`Resguardo needs Node 20 or newer to start; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  void import('./start.mjs').then(({ start }) => start(process.argv[2], process.argv.slice(3)));
}
