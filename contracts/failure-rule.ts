export interface FailureRule {
  /** Whether the same step may succeed later without a person's help; Temporal retries only then. */
  readonly retryable: boolean;
  /** Process exit code of the CLI. 10, 11 and 12 mean what they mean in restic. */
  readonly exitCode: number;
  /** HTTP status of the API. */
  readonly httpStatus: number;
  /** What a person does now, unless the place that throws knows better. */
  readonly advice: string;
}
