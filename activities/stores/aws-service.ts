/**
 * AWS's S3, by what an address or a region says of it. It has many addresses: of regions, of IPv6, of FIPS, of a virtual
 * private cloud. Within one partition, no two buckets bear one name, whichever of them leads there.
 */
export function awsService(host: string): string | undefined {
  const { region = '', suffix = '' } = S3_HOST.exec(host)?.groups ?? {};
  const name = SUFFIXES[suffix];
  return name === 'AWS' ? awsServiceIn(region) : name;
}

/** Where nothing but a region is told. */
export function awsServiceIn(region = ''): string {
  return PARTITIONS.find(([start]) => region.startsWith(start))?.[1] ?? 'AWS';
}

const PARTITIONS = [
  ['us-gov-', 'AWS GovCloud'],
  ['cn-', 'AWS China'],
  ['eusc-', 'AWS European Sovereign Cloud'],
] as const;

const SUFFIXES: Record<string, string> = {
  'amazonaws.com': 'AWS',
  'api.aws': 'AWS',
  'amazonaws.com.cn': 'AWS China',
  'amazonaws.eu': 'AWS European Sovereign Cloud',
};

/** Nothing may stand around it: a bucket, or a customer's load balancer, has a name below the same domains. */
const S3_HOST =
  /^(?:(?:bucket\.)?vpce-[^.]+\.)?s3(?:-fips|-accelerate|-external-1)?(?:\.dualstack)?(?:[.-](?<region>[a-z]+(?:-[a-z]+)+-\d+))?(?:\.vpce)?\.(?<suffix>amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws)$/;
