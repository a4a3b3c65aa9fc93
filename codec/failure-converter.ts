import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts messages and stack traces of failures into a payload, where the codec encrypts them. Temporal loads
 * this file by its path, into workflows too: it must import nothing of Node's.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
