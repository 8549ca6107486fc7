# The library (all folders of src/ but cli) and the program.
file(GLOB_RECURSE RANKFLOW_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
set(RANKFLOW_CLI_SOURCES ${RANKFLOW_SOURCES})
list(FILTER RANKFLOW_CLI_SOURCES INCLUDE REGEX "/src/cli/")
list(FILTER RANKFLOW_SOURCES EXCLUDE REGEX "/src/cli/")

add_library(rankflow ${RANKFLOW_SOURCES})
add_library(rankflow::rankflow ALIAS rankflow)
target_include_directories(rankflow
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
  PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_compile_features(rankflow PUBLIC cxx_std_20)
target_compile_definitions(rankflow PRIVATE RANKFLOW_VERSION="${PROJECT_VERSION}")
target_link_libraries(rankflow
  PUBLIC Eigen3::Eigen
  PRIVATE $<BUILD_INTERFACE:rankflow_flags> OpenMP::OpenMP_CXX ${LAPACKE_LIBRARY} PkgConfig::OPENBLAS
          PkgConfig::LIBZIP PkgConfig::HDF5 PkgConfig::TOMLPLUSPLUS PkgConfig::MUPARSER ZLIB::ZLIB PNG::PNG fmt::fmt
          nlohmann_json::nlohmann_json)

# The thread sanitizer cannot see through libgomp (docs/testing.md), so that build brings the few entry points it needs.
if(RANKFLOW_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_sources(rankflow PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/openmp_for_tsan.cpp)
endif()

# Kernels: one source, compiled once per instruction set; src/linalg/kernels.cpp picks a table at run time.
# Only these files may be compiled with instruction-set flags, and they include no header with inline functions that
# another file could share: the linker keeps one copy of such a function, and it could be the one an older processor
# cannot run.
set(RANKFLOW_KERNEL_FLAGS -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
if(RANKFLOW_SANITIZE)  # its checks multiply the unrolled code: minutes of compiling that find no more
  list(APPEND RANKFLOW_KERNEL_FLAGS -O1)
endif()
file(GLOB RANKFLOW_KERNELS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/*_baseline.cpp
     ${PROJECT_SOURCE_DIR}/src/*/*_avx2.cpp ${PROJECT_SOURCE_DIR}/src/*/*_avx512.cpp)
set_property(SOURCE ${RANKFLOW_KERNELS} APPEND PROPERTY COMPILE_OPTIONS ${RANKFLOW_KERNEL_FLAGS})
set_property(SOURCE ${RANKFLOW_KERNELS} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  foreach(source IN LISTS RANKFLOW_KERNELS)
    if(source MATCHES "_avx2\\.cpp$")
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -mavx2 -mfma)
    elseif(source MATCHES "_avx512\\.cpp$")
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -mavx2 -mfma -mavx512f -mavx512dq -mavx512vl
                   -mavx512bw -mprefer-vector-width=512)
    endif()
  endforeach()
endif()

add_executable(rankflow_cli ${RANKFLOW_CLI_SOURCES})
# The options' library is large, and nothing in these files takes long.
target_compile_options(rankflow_cli PRIVATE $<$<CONFIG:Release>:-O1>)
# See src/cli/wait_policy.cpp. Without a static libgomp the program works the same, only threads spin while they wait.
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libgomp.a OUTPUT_VARIABLE RANKFLOW_STATIC_GOMP
                OUTPUT_STRIP_TRAILING_WHITESPACE)
if(IS_ABSOLUTE "${RANKFLOW_STATIC_GOMP}" AND NOT RANKFLOW_SANITIZE)
  target_link_options(rankflow_cli PRIVATE -Wl,--as-needed)
  target_link_libraries(rankflow_cli PRIVATE -Wl,--whole-archive ${RANKFLOW_STATIC_GOMP} -Wl,--no-whole-archive)
endif()
target_compile_definitions(rankflow_cli PRIVATE RANKFLOW_VERSION="${PROJECT_VERSION}")
set_target_properties(rankflow_cli PROPERTIES OUTPUT_NAME rankflow RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(rankflow_cli PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(rankflow_cli PRIVATE rankflow rankflow_flags CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json
                      OpenMP::OpenMP_CXX PkgConfig::OPENBLAS)

if(RANKFLOW_PRECOMPILED_HEADERS)
  set(RANKFLOW_COMMON_HEADERS <Eigen/Core> <algorithm> <fmt/format.h> <functional> <map> <sstream> <string> <vector>)
  target_precompile_headers(rankflow PRIVATE ${RANKFLOW_COMMON_HEADERS} <nlohmann/json.hpp>)
  target_precompile_headers(rankflow_cli PRIVATE <CLI/CLI.hpp> ${RANKFLOW_COMMON_HEADERS} <nlohmann/json.hpp>)
endif()
