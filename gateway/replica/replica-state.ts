/** What a replica is at a moment. */
export interface ReplicaState {
  readonly name: string;
  readonly role: 'leader' | 'standby';
  /** Name of the leader, and since when it leads; absent when none is known. */
  readonly leader: { readonly name: string; readonly since: number } | undefined;
  /** Whether connections that come here are taken: the leader is at work, and has the data folder that is ours too. */
  readonly ready: boolean;
}
