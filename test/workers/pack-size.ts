/** Small packs, so that a test has many of them. */
export const packSizeBytes = 512 * 1024;
