import { describe, expect, test } from 'vitest';
import { identityOf } from './identity.ts';

const of = (files: Record<string, string>) => {
  const { hostName, kernel, architecture } = identityOf(new Map(Object.entries(files)));
  return [hostName, kernel, architecture];
};

describe('who a host is', () => {
  test.each([
    [
      'Debian',
      {
        uname:
          'Linux web01 6.1.0-37-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22) x86_64 GNU/Linux\n',
      },
      ['web01', '6.1.0-37-amd64', 'x86_64'],
    ],
    [
      'a sosreport of RHEL',
      {
        'sos_commands/kernel/uname_-a':
          'Linux db.example.com 5.14.0-503.el9.aarch64+64k #1 SMP Thu Oct 3 aarch64 aarch64 aarch64 GNU/Linux\n',
        hostname: 'db.example.com\n',
      },
      ['db.example.com', '5.14.0-503.el9.aarch64+64k', 'aarch64'],
    ],
    [
      'a host named as a machine',
      { uname: 'Linux x86_64 6.1.0 #1 SMP aarch64 GNU/Linux' },
      ['x86_64', '6.1.0', 'aarch64'],
    ],
    [
      'a host without a name',
      { uname: 'Linux (none) 5.10.262-drain #2 SMP x86_64 GNU/Linux' },
      ['', '5.10.262-drain', 'x86_64'],
    ],
    [
      '/proc/version alone',
      { 'proc/version': 'Linux version 3.10.0-1160.el7.x86_64 (builder@host) (gcc) #1 SMP' },
      ['', '3.10.0-1160.el7.x86_64', 'x86_64'],
    ],
    [
      'osrelease and hostname',
      { 'proc/sys/kernel/osrelease': '6.1.0-37-arm64\n', 'proc/sys/kernel/hostname': 'pi\n' },
      ['pi', '6.1.0-37-arm64', 'aarch64'],
    ],
    ['rows of interrupts', { 'proc/interrupts': ' CPU0\nTLB: 1 TLB shootdowns\n' }, ['', '', 'x86_64']],
    ['nothing', {}, ['', '', '']],
    ['an error message in the place of uname', { uname: 'sh: uname: not found\n' }, ['', '', '']],
    ['a name that would steer a terminal', { hostname: '\x1b[2J\n' }, ['', '', '']],
  ])('%s', (_, files, expected) => {
    expect(of(files)).toEqual(expected);
  });
});
