/** What a kind of adapter carries through a mapping, with a gateway that answers at once. */
export interface AdapterFigure {
  /** Records a second. */
  readonly per_s: number;
  /** How much memory it took from a fifth of the records to the last, in MiB. */
  readonly growth_mib: number;
}
