import { crc32, deflateRawSync } from 'node:zlib';

/** A file of a ZIP that a test makes; nothing about it need be true. */
export interface ZipEntry {
  name: string;
  bytes: Uint8Array;
  /** Mode of Unix; 0o120777 makes a symbolic link. */
  mode?: number;
  /** Bytes that its header claims, where it lies. */
  claimed?: number;
}

/** A ZIP of deflated files, with whatever names (PKWARE APPNOTE 6.3.10, 4.3). */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localPart(entry);
    central.push(centralPart(entry, offset));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** The fields that both headers have: from the version needed to the length of the extra field. */
function commonFields({ name, bytes, claimed = bytes.length }: ZipEntry): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800, 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(deflateRawSync(bytes).length, 14);
  fields.writeUInt32LE(claimed, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
}

function localPart(entry: ZipEntry): Buffer {
  const signature = Buffer.from('PK\u0003\u0004', 'latin1');
  return Buffer.concat([signature, commonFields(entry), Buffer.from(entry.name), deflateRawSync(entry.bytes)]);
}

function centralPart(entry: ZipEntry, offset: number): Buffer {
  const start = Buffer.from('PK\u0001\u0002\u0014\u0003', 'latin1');
  const end = Buffer.alloc(14);
  end.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
  end.writeUInt32LE(offset, 10);
  return Buffer.concat([start, commonFields(entry), end, Buffer.from(entry.name)]);
}
