"""Makes the files of this folder (numpy 1.24, scipy 1.10, h5py 3.7 as Debian 12 has them)."""
import h5py
import numpy as np
import scipy.io
import scipy.sparse

cube = np.arange(24.0).reshape(2, 3, 4) + 0.5  # cell (i, j, k) is 12 i + 4 j + k + 0.5
cube[1, 2, 3] = np.nan
whole = np.arange(24).reshape(2, 3, 4)

scipy.io.savemat("plain.mat", {"x": cube})
scipy.io.savemat("packed.mat", {"x": cube}, do_compression=True)
scipy.io.savemat("ints.mat", {"x": whole.astype("int16")}, do_compression=True)
scipy.io.savemat("bool.mat", {"x": whole % 2 == 0})
scipy.io.savemat("struct.mat", {"s": {"x": cube}, "c": np.array([1, "a"], dtype=object)})
scipy.io.savemat("complex.mat", {"x": cube + 1j})
scipy.io.savemat("sparse.mat", {"x": scipy.sparse.eye(4).tocsc()})
scipy.io.savemat("v4.mat", {"x": np.eye(3)}, format="4")

with h5py.File("several.h5", "w") as file:
    file["a"] = cube
    file.create_dataset("g/b", data=cube.astype("f4"), chunks=(1, 3, 2), compression="gzip", shuffle=True)
    file["g/bool"] = whole % 2 == 0
    file["text"] = "hello"
    file["i8"] = whole.astype(">i8")
    file["scalar"] = 3.0
    file["empty"] = np.zeros((0, 3))
    file["c"] = cube + 1j
    file["u8"] = np.full((1, 2, 2), 2**63 + 5, dtype="u8")
with h5py.File("unwritten.h5", "w") as file:
    file.create_dataset("x", shape=(100000, 100000, 1000), chunks=(100, 100, 100), dtype="f8")
with h5py.File("fill.h5", "w") as file:
    file.create_dataset("x", shape=(10, 10, 100), chunks=(10, 10, 10), dtype="f8", fillvalue=7)

# What MATLAB writes with -v7.3: HDF5 behind a block of 512 bytes, dimensions in reverse, a class for every variable.
with h5py.File("v73.mat", "w", userblock_size=512) as file:
    variable = file.create_dataset("x", data=cube.T.copy())
    variable.attrs["MATLAB_class"] = np.bytes_("double")
    name = file.create_dataset("name", data=np.array([[104, 105]], dtype="u2"))
    name.attrs["MATLAB_class"] = np.bytes_("char")
with open("v73.mat", "r+b") as file:
    file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: x".ljust(124) + b"\x00\x02IM")
