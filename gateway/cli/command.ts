import type { Command } from 'commander';

/** 0 fine, 1 a verification or check failed, 2 bad usage or input, 3 something cannot be reached. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What the command line knows of the process that runs it. */
export interface CliContext {
  readonly clock: { now(): number };
  /** Value of TONGBAN_PASSPHRASE. */
  readonly passphrase: string | undefined;
  /** Asks on the terminal without showing what is typed; absent when nobody sits there. */
  readonly askHidden?: ((question: string) => Promise<string>) | undefined;
  /** Environment of the process, in which libraries of tokens look for their settings. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Everything that is piped in. */
  readonly stdin: () => Promise<string>;
}

/** What a command has to say. */
export interface Answer {
  /** The one value that --json prints. */
  readonly json?: unknown;
  /** What people read instead. */
  readonly text?: string;
  /** What people should know beside the result; goes to the standard error output. */
  readonly notes?: readonly string[];
  /** 0 unless told. */
  readonly exit?: ExitCode;
}

/** What the commands are given to work with. */
export interface Cli extends CliContext {
  /** Prints what a command has to say and keeps its exit code; a later answer replaces the exit code. */
  answer(answer: Answer, options: CommonOptions): void;
}

export interface CommonOptions {
  readonly json?: boolean;
}

/** A group of commands, loaded when it is called: `define` gives the command its options and its work. */
export interface CommandGroup {
  define(command: Command, cli: Cli): void;
}

/**
 * Says what a command does.
 *
 * @param work gets the options and then the arguments, as the command declares them
 */
export function handle<O extends CommonOptions>(
  command: Command,
  cli: Cli,
  work: (options: O, ...args: string[]) => Promise<Answer>,
): void {
  command.option('--json', '只输出一个 JSON 值 / print one JSON value and nothing else');
  command.action(async () => {
    const options = command.opts<O>();
    cli.answer(await work(options, ...(command.processedArgs as string[])), options);
  });
}
