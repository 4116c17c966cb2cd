/** Addresses that must never be fetched, each in a notation of its own. */
export const HOSTILE_URLS = [
  // this machine
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.000.000.001/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0.0.1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://0/',
  'http://0.0.0.0/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::]/',
  // IPv4 inside IPv6
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:7f00:1::]/',
  // networks that are not public
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[fc00::1]/',
  // nobody's
  'http://192.0.2.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
  // names that lead there, of which one has a public address too
  'http://inside.test/',
  'http://both.test/',
  // other than http, other ports, names in it
  'file:///etc/passwd',
  'ftp://public.test/a.jpg',
  'gopher://127.0.0.1:6379/_FLUSHALL',
  'data:image/png;base64,AAAA',
  'http://public.test:22/',
  'http://user:password@public.test/',
  'http://public.test@127.0.0.1/',
  '//127.0.0.1/',
  'not an address',
  '',
];

/** What the names of the tests resolve to. */
export async function resolveTestName(name: string) {
  const known: Record<string, string[]> = {
    'inside.test': ['10.1.2.3'],
    'both.test': ['93.184.215.14', '127.0.0.1'],
    'public.test': ['127.0.0.2'],
    localhost: ['127.0.0.1'],
    'localhost.': ['127.0.0.1'],
  };
  return (known[name] ?? []).map((address) => ({ address, family: 4 }));
}
