# cmake --install, find_package(rankflow) and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS rankflow EXPORT rankflowTargets)
install(TARGETS rankflow_cli)
install(DIRECTORY include/rankflow TYPE INCLUDE)
install(EXPORT rankflowTargets NAMESPACE rankflow:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rankflow)
configure_package_config_file(cmake/rankflowConfig.cmake.in ${PROJECT_BINARY_DIR}/rankflowConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rankflow)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rankflowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rankflowConfig.cmake ${PROJECT_BINARY_DIR}/rankflowConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/rankflow)
# The shipped studies: beside the program in the build tree, below share/ in an installation (src/experiment/shipped.cpp).
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/rankflow)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/experiments ${PROJECT_BINARY_DIR}/share/rankflow/experiments SYMBOLIC)
install(DIRECTORY experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/rankflow)
