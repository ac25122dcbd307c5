/** The names and secrets of the one service there is. */
export interface Account {
  project: string;
  service: string;
  /** Of the API. */
  token: string;
  /** Of the service: the download host wants them. */
  username: string;
  password: string;
}

export const ACCOUNT: Account = {
  project: 'acme-prod',
  service: 'metrics',
  token: 'api-token-of-acme',
  username: 'avnadmin',
  password: 'pass+word/of:service',
};
