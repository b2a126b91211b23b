/** Prints the one line that says how the tests went: `N passed, N failed`, skipped ones named when there are any. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const brokenSuites = results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    this.line =
      `${results.numPassedTests} passed, ${results.numFailedTests + brokenSuites} failed` +
      (skipped > 0 ? `, ${skipped} skipped` : '');
    // Jest prints its own summary to stderr after this hook; the line must be the last one.
    process.once('exit', () => process.stdout.write(`${this.line}\n`));
  }
}
