# From an x86-64 Debian to 64-bit Arm: Debian's cross compiler, libraries of arm64 beside the machine's own, and QEMU to
# run what was built. docs/testing.md says what has to be installed.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# Libraries and their descriptions: only those of arm64. Headers and packages without an architecture lie where they
# always do.
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)

# Without a library path: the cross compiler's own copy of the C library does not fit the loader of Debian's arm64, and
# programs then hang before main().
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
