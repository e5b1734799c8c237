/** The recommended curve of SM2 (GB/T 32918.5, called sm2p256v1 in GM/T 0003.5); all numbers are 32 bytes of hex. */
export const SM2_CURVE = {
  a: 'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc',
  b: '28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93',
  gx: '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7',
  gy: 'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0',
  /** Order of the base point. */
  n: 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123',
} as const;

/** Bytes of a coordinate, of `r` and of `s`. */
export const SM2_BYTES = 32;
