/**
 * The first signal stops in order, the second ends the process: every run goes on elsewhere. A terminal that is closed
 * says so more than once, by its shell and by the system, and no second one is meant by it.
 */
export function stopOnSignals(stop: AbortController, told?: () => void): Disposable {
  const begin = () => {
    told?.();
    stop.abort(new Error('stopped'));
  };
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(1);
    begin();
  };
  const onHangUp = () => {
    if (!stop.signal.aborted) begin();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onHangUp);
  return {
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onHangUp);
    },
  };
}
