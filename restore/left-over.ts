/** What a restore has left beside a database of a server: under way, kept for a while, or forgotten. */
export interface LeftOver {
  /** Name of a database. */
  readonly name: string;
  /** `restore`: made and not put in place. `before`: what was replaced. */
  readonly kind: 'restore' | 'before';
  /** When its restore began. */
  readonly since: Date;
  /** Of MySQL: it changes places with this database, and has not come to the end. */
  readonly swap?: {
    readonly place: string;
    /** Tables have moved: it is brought to its end. Otherwise it is undone. */
    readonly hasMoved: boolean;
  };
}
