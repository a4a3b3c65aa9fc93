/** The activities that workers register. */
export { createControlActivities } from './control.ts';
export {
  type ActivityDependencies,
  type ActivityTiming,
  defaultTiming,
  type Names,
  type RunHistory,
} from './dependencies.ts';
export { createHostActivities } from './host.ts';
export { StatusFile } from './status-file.ts';
