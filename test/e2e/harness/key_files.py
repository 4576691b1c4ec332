# SPDX-License-Identifier: BSD-3-Clause
"""The keys of the tests' appliance: one pre-shared key, and an SA for each PRF."""

import hashlib
import json

from . import keys, twamp

PRF_SIZES = {"hmac-md5": 16, "hmac-sha1": 20, "aes128-xcbc": 16, "hmac-sha2-256": 32, "hmac-sha2-384": 48,
             "hmac-sha2-512": 64, "aes128-cmac": 16}
# PRF to SPIi, SPIr, SK_d. The lab's own SA stands for its PRF.
SAS = {prf: (twamp.SPI_I, twamp.SPI_R, twamp.SK_D) if prf == twamp.SA_PRF else
       (bytes([0x20 + number]) * 8, bytes([0x30 + number]) * 8, hashlib.sha512(prf.encode()).digest()[:PRF_SIZES[prf]])
       for number, prf in enumerate(keys.PRFS)}

KEY_FILES = {
    "psk.yaml": json.dumps({"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": twamp.PSK.decode()}]}),
    "sa.yaml": json.dumps({"security-associations": [
        {"spi-i": spi_i.hex(), "spi-r": spi_r.hex(), "prf": prf, "sk-d": sk_d.hex()}
        for prf, (spi_i, spi_r, sk_d) in SAS.items()]}),
}
