import { quoted, type InfluxV1Client, type Row } from './client.ts';

export async function databaseNames(client: InfluxV1Client): Promise<string[]> {
  const [rows = []] = await client.query(['SHOW DATABASES'], 'listing databases');
  return rows.map(({ name }) => text(name));
}

/** The names of a database's retention policies; undefined when there is no such database. */
export async function policyNames(
  client: InfluxV1Client,
  database: string,
): Promise<string[] | undefined> {
  if (!(await databaseNames(client)).includes(database)) return undefined;
  const [rows = []] = await client.query(
    [`SHOW RETENTION POLICIES ON ${quoted(database)}`],
    `listing retention policies of ${database}`,
  );
  return rows.map(({ name }: Row) => text(name));
}

/** What is not there is no error. */
export async function dropDatabase(client: InfluxV1Client, database: string): Promise<void> {
  await client.query([`DROP DATABASE ${quoted(database)}`], `removing database ${database}`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
