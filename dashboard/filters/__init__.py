"""What do filters see?"""
