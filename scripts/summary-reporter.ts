import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed, N skipped` as the very last line of a test run, for programs that read its output. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const { passed, failed, skipped } = countTests(modules);
    const line = `${passed} passed, ${failed + unhandledErrors.length} failed, ${skipped} skipped\n`;
    // Other reporters print after this call; nothing prints after the exit event.
    process.once('exit', () => process.stdout.write(line));
  }
}

function countTests(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that never finished, for example because its worker died, has not passed.
      counts[state === 'pending' ? 'failed' : state] += 1;
    }
    counts.failed += loadingErrors(module);
  }
  return counts;
}

/** Errors outside any test: a file that does not load, a failed beforeAll. */
function loadingErrors(module: TestModule): number {
  const suites = [...module.children.allSuites()].flatMap((suite) => suite.errors());
  return module.errors().length + suites.length;
}
