"""Proves

P-CORE-005
"""
