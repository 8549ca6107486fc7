# Compiler settings shared by every target, as one interface library.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(CCACHE ccache)
set(RANKFLOW_PCH_DEFAULT ON)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(RANKFLOW_PCH_DEFAULT OFF)
endif()
# Reading the libraries' headers is most of a first build. With ccache there are no precompiled ones: it cannot share
# what they enter into, and a file that forgets an include is found.
option(RANKFLOW_PRECOMPILED_HEADERS "read the libraries' headers once for all files" ${RANKFLOW_PCH_DEFAULT})

add_library(rankflow_flags INTERFACE)
target_compile_features(rankflow_flags INTERFACE cxx_std_20)
target_compile_options(rankflow_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-ignored-attributes
  $<$<BOOL:${RANKFLOW_WERROR}>:-Werror>)
if(RANKFLOW_PRECOMPILED_HEADERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Through precompiled headers GCC 12 forgets which code is the library's, and warns of what its own strings do.
  target_compile_options(rankflow_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
                         -Wno-stringop-overread -Wno-maybe-uninitialized)
endif()
# The same bits on every machine with the same kernels: products and sums are never fused or reordered behind our back
# outside the kernel files, which choose their own flags.
target_compile_options(rankflow_flags INTERFACE -ffp-contract=off)
# Eigen stores and writes expressions; BLAS multiplies; threads are ours alone.
target_compile_definitions(rankflow_flags INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_USE_BLAS)
if(RANKFLOW_SANITIZE)
  target_compile_options(rankflow_flags INTERFACE -fsanitize=${RANKFLOW_SANITIZE} -fno-omit-frame-pointer -g1
                         -fno-sanitize-recover=all)
  target_link_options(rankflow_flags INTERFACE -fsanitize=${RANKFLOW_SANITIZE})
endif()
