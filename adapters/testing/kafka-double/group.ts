/** Longest wait for members that have not joined again, in ms: a heartbeat tells them to. */
const JOIN_MS = 6_000;

export interface Joined {
  readonly generation: number;
  readonly protocol: string;
  readonly leader: string;
  readonly member: string;
  /** Only the leader is told. */
  readonly members: readonly { readonly id: string; readonly metadata: Buffer }[];
}

interface Member {
  readonly metadata: Buffer;
  readonly protocol: string;
  /** Waits for the others. */
  answer: ((joined: Joined) => void) | undefined;
}

/** One consumer group of the double, classic protocol: the leader assigns. */
export class Group {
  /** By `topic:partition`. */
  readonly committed = new Map<string, bigint>();
  readonly #members = new Map<string, Member>();
  readonly #assignments = new Map<string, Buffer>();
  #waiting: { readonly member: string; answer(assignment: Buffer): void }[] = [];
  #generation = 0;
  #named = 0;
  #isJoining = false;
  #timer: NodeJS.Timeout | undefined;

  /** How often members have joined together. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether it is the generation in which there is a member of this name. */
  knows(member: string, generation: number): 'yes' | 'rebalance' | 'no' {
    if (!this.#members.has(member)) return 'no';
    if (this.#isJoining) return 'rebalance';
    return generation === this.#generation ? 'yes' : 'no';
  }

  /** Resolves when every member has joined, or did not in time. */
  join(given: string, protocol: string, metadata: Buffer): Promise<Joined> {
    const id = given || `member-${++this.#named}`;
    this.#isJoining = true;
    return new Promise((resolve) => {
      const answer = (joined: Joined) => resolve({ ...joined, member: id });
      this.#members.set(id, { metadata, protocol, answer });
      this.#timer ??= setTimeout(() => this.#complete(), JOIN_MS);
      this.#completeIfAll();
    });
  }

  /** Resolves with what the leader assigned to this member. */
  sync(member: string, assignments: readonly { readonly member: string; readonly bytes: Buffer }[]): Promise<Buffer> {
    for (const one of assignments) this.#assignments.set(one.member, one.bytes);
    return new Promise((resolve) => {
      this.#waiting.push({ member, answer: resolve });
      if (this.#assignments.size === 0) return;
      for (const one of this.#waiting.splice(0)) one.answer(this.#assignments.get(one.member) ?? Buffer.alloc(0));
    });
  }

  leave(member: string): void {
    if (!this.#members.delete(member) || this.#members.size === 0) return;
    this.#isJoining = true;
    this.#timer ??= setTimeout(() => this.#complete(), JOIN_MS);
    this.#completeIfAll();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #completeIfAll(): void {
    if ([...this.#members.values()].every(({ answer }) => answer)) this.#complete();
  }

  #complete(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [id, { answer }] of this.#members) if (!answer) this.#members.delete(id);
    this.#isJoining = false;
    this.#generation += 1;
    this.#assignments.clear();
    this.#waiting = [];
    const [leader] = this.#members.keys();
    const members = [...this.#members].map(([id, { metadata }]) => ({ id, metadata }));
    for (const [id, member] of this.#members) {
      const joined = { generation: this.#generation, protocol: member.protocol, leader: leader!, member: id };
      member.answer!({ ...joined, members: id === leader ? members : [] });
      member.answer = undefined;
    }
  }
}
