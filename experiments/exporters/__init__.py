"""A ledger's runs for the tools that others look at runs with: TensorBoard and MLflow. Neither is needed here."""
