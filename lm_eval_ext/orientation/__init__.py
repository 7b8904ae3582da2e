"""DORI: which way do things face?"""
