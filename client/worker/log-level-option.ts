import { InvalidArgumentError, Option } from 'commander';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

export function logLevelOption(): Option {
  return (
    new Option('--log-level <level>', "the worker's own log, on stderr")
      .choices(LEVELS)
      .default('WARN')
      // In the place of what `choices` would do, which knows no small letters.
      .argParser((text: string) => {
        const level = text.toUpperCase();
        if (LEVELS.includes(level)) return level;
        throw new InvalidArgumentError(`Allowed choices are ${LEVELS.join(', ')}.`);
      })
  );
}
