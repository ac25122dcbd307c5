import { Option } from 'commander';

export function logLevelOption(): Option {
  return new Option('--log-level <level>', "the worker's own log, on stderr")
    .choices(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'])
    .default('WARN')
    .argParser((text: string) => text.toUpperCase());
}
